"""A catalogue of three tables, small enough to check by eye."""

CATALOGUE = """
dataset = "npd"
title = "Schools"
owner = "DfE"
[table.census]
title = "Census"
grain = "pupil"
year = ["Year"]
variable = [
  { name = "UPN", type = "string", role = "upn", concept = "identity", identifiability = 1, sensitivity = "E", description = "Number." },
  { name = "Year", type = "integer", concept = "time", identifiability = 5, sensitivity = "E", description = "Year.", years = "2005/06-2020/21" },
  { name = "URN", type = "integer", institution = true, concept = "institution", identifiability = 4, sensitivity = "E", description = "School.", years = "2005/06-2020/21" },
  { name = "Group", type = "string", concept = "age", identifiability = 5, sensitivity = "E", description = "Year group.", years = "2005/06-2020/21" },
  { name = "Sex", type = "string", role = "sex", concept = "sex", identifiability = 5, sensitivity = "C", description = "Sex.", years = "2005/06-2020/21" },
  { name = "Need", type = "string", concept = "special needs", identifiability = 4, sensitivity = "B", description = "Need.", years = "2005/06-2020/21" },
]
[table.ks4]
title = "Key stage 4"
grain = "pupil"
year = ["ACADYR"]
variable = [
  { name = "ACADYR", type = "integer", concept = "time", identifiability = 5, sensitivity = "E", description = "Year.", years = "2005/06-2020/21" },
  { name = "Grade", type = "string", concept = "attainment", identifiability = 5, sensitivity = "E", description = "Grade.", years = "2005/06-2020/21" },
]
[table.ks2]
title = "Key stage 2"
grain = "pupil"
year = ["ACADYR"]
variable = [
  { name = "ACADYR", type = "integer", concept = "time", identifiability = 5, sensitivity = "E", description = "Year.", years = "2005/06-2020/21" },
  { name = "Reading", type = "integer", concept = "attainment", identifiability = 5, sensitivity = "E", description = "Reading.", years = "2005/06-2020/21" },
]
"""
