"""Ways to let a chat model think before and after it answers, each within bounds."""
