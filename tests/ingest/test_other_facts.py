"""Key figures, company profile, employees, research and customers, from small pages set like real ones."""

from pathlib import Path

from tests.ingest.pdf_maker import Text, lines, write_pdf
from vouch.ingest.facts.company import company_facts
from vouch.ingest.facts.counted import counted_facts
from vouch.ingest.facts.key_figures import key_figure_facts
from vouch.ingest.facts.printed import PrintedPages
from vouch.ingest.loaders.pdf import PdfLoader
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.types import Source

FIELDS = FieldDictionary.load()


def source(period: str = "FY") -> Source:
    return Source(
        "d",
        "a.pdf",
        "/a.pdf",
        kind="report",
        company="远山能源股份有限公司",
        short_name="远山能源",
        year=2023,
        period=period,
    )


def printed(tmp_path: Path, *pages: list[Text]) -> PrintedPages:
    return PrintedPages(PdfLoader().load(write_pdf(tmp_path / "a.pdf", pages)).pages)


def row(y: float, *cells: tuple[float, str]) -> list[Text]:
    return [Text(x, y, text, 9) for x, text in cells]


def test_key_figures_skip_changes_and_figures_before_restatement(tmp_path: Path) -> None:
    page = [
        *row(100, (80, "六、主要会计数据和财务指标")),
        *row(120, (250, "2023 年"), (350, "2022 年"), (455, "本年比上年增减")),
        *row(132, (315, "调整前"), (390, "调整后"), (465, "调整后")),
        *row(
            150, (80, "营业收入（元）"), (220, "900,000.00"), (300, "800,000.00"), (380, "700,000.00"), (470, "28.57%")
        ),
    ]
    facts = key_figure_facts(printed(tmp_path, page), source(), FIELDS)
    assert {(f.field, f.year, f.value) for f in facts} == {("营业收入", 2023, 900_000.0), ("营业收入", 2022, 700_000.0)}


def test_the_quarter_and_the_year_to_date_are_kept_apart(tmp_path: Path) -> None:
    page = [
        *row(100, (80, "（一）主要会计数据和财务指标")),
        *row(120, (230, "本报告期"), (330, "同比增减"), (400, "年初至报告期末"), (490, "同比变动")),
        *row(140, (80, "利润总额"), (220, "300.00"), (340, "3.50"), (420, "1,000.00"), (500, "4.10")),
    ]
    facts = key_figure_facts(printed(tmp_path, page), source("Q3"), FIELDS)
    assert {(f.period, f.value) for f in facts} == {("Q3-single", 300.0), ("Q3", 1000.0)}


def test_a_label_wrapped_over_narrow_lines_is_read_whole(tmp_path: Path) -> None:
    page = [
        *row(100, (80, "主要会计数据")),
        *row(120, (250, "2023 年"), (350, "2022 年")),
        *row(140, (80, "营业收入"), (240, "900.00"), (340, "800.00")),
        *row(160, (80, "归属于上市")),
        *row(172, (80, "公司股东的")),
        *row(184, (80, "净利润"), (240, "90.00"), (340, "80.00")),
    ]
    facts = key_figure_facts(printed(tmp_path, page), source(), FIELDS)
    assert {f.field for f in facts} == {"营业收入", "归属于母公司所有者的净利润"}


def test_the_profile_gives_what_stands_beside_its_labels(tmp_path: Path) -> None:
    page = lines(
        "一、公司信息",
        "公司的中文名称 远山能源股份有限公司",
        "公司的外文名称（如有） Yuanshan Energy Co., Ltd.",
        "公司的法定代表人 赵远山",
        "注册地址 某省某市远山路1号",
        "电子信箱 ir@yuanshan.example",
        "二、主要会计数据",
        "公司的法定代表人 别人",
    )
    found = {f.field: f.text for f in company_facts(printed(tmp_path, page), source(), FIELDS)}
    assert found["法定代表人"] == "赵远山"
    assert found["外文名称"] == "Yuanshan Energy Co., Ltd."
    assert found["注册地址"] == "某省某市远山路1号"
    assert found["企业名称"] == "远山能源股份有限公司"


def test_the_secretary_is_the_name_below_the_office(tmp_path: Path) -> None:
    page = [
        *lines("一、公司信息", y=80),
        *row(120, (200, "董事会秘书"), (400, "证券事务代表")),
        *row(140, (80, "姓名"), (200, "钱一"), (400, "孙二")),
    ]
    found = {f.field: f.text for f in company_facts(printed(tmp_path, page), source(), FIELDS)}
    assert found["董事会秘书"] == "钱一"


def test_counts_are_read_only_in_their_section(tmp_path: Path) -> None:
    page = lines(
        "生产人员 7",
        "九、公司员工情况",
        "母公司在职员工的数量 600",
        "在职员工的数量合计 1,000",
        "生产人员 800",
        "硕士 25",
        "2、薪酬政策",
        "销售人员 9",
    )
    found = {f.field: f.value for f in counted_facts(printed(tmp_path, page), source(), FIELDS)}
    assert found == {"母公司在职员工数": 600, "职工总数": 1000, "生产人员数": 800, "硕士人数": 25}


def test_customers_are_read_from_rows_and_from_sentences_with_their_unit(tmp_path: Path) -> None:
    page = lines(
        "（8）主要销售客户和主要供应商情况",
        "前五名客户销售额 1,234.50 万元，占年度销售总额 20.00%；其中关联方销售额 0 万元。",
        "前五名供应商合计采购金额（元） 5,000,000.00",
    )
    found = {f.field: f.value for f in counted_facts(printed(tmp_path, page), source(), FIELDS)}
    assert found["前五名客户销售额"] == 12_345_000.0
    assert found["前五名供应商采购额"] == 5_000_000.0


def test_what_stands_above_the_section_names_no_column(tmp_path: Path) -> None:
    page = [
        *row(80, (80, "第二节 公司简介和主要财务指标")),
        *row(95, (80, "持续督导的期间"), (240, "2016 年 5 月起")),
        *row(110, (80, "七、近三年主要会计数据和财务指标")),
        *row(130, (80, "主要会计数据"), (240, "2023年"), (340, "2022年"), (440, "2021年")),
        *row(150, (80, "营业收入"), (230, "9,000.00"), (330, "8,000.00"), (430, "7,000.00")),
    ]
    facts = key_figure_facts(printed(tmp_path, page), source(), FIELDS)
    assert {(f.year, f.value) for f in facts} == {(2023, 9000.0), (2022, 8000.0), (2021, 7000.0)}
