"""What people and programs can do with a library, behind one seam: REST, the browser and scripts use it alike."""
