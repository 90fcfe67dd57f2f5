"""The National Pupil Database: the school census, and what else is known of pupils by
their reference.
"""

from synthetic.sources.npd.attainment import key_stage_2, key_stage_4, key_stage_5
from synthetic.sources.npd.pupils import census, pupils
from synthetic.sources.npd.welfare import (
    absence,
    care,
    excluded,
    exclusions,
    moved_on,
    places,
)
from synthetic.world import Tables, World


def npd(world: World) -> Tables:
    """All tables of the people schooled in state schools; examinations also of those
    schooled in private ones.
    """
    out = Tables()
    school_pupils = pupils(world)
    exclusion = excluded(school_pupils)
    alternative, is_outside = places(school_pupils, exclusion)
    enrolled_pupils = moved_on(school_pupils, exclusion)
    out.tables["npd_census"] = census(enrolled_pupils, is_outside, out)
    if world.identifiers_only:
        return out
    out.tables["npd_ap"] = alternative
    out.tables["npd_ks2"] = key_stage_2(enrolled_pupils)
    out.tables["npd_ks4"] = key_stage_4(enrolled_pupils)
    out.tables["npd_ks5"] = key_stage_5(enrolled_pupils)
    out.tables["npd_absence"] = absence(enrolled_pupils, is_outside)
    out.tables["npd_exclusions"] = exclusions(school_pupils, enrolled_pupils, exclusion)
    out.tables["npd_cin"], out.tables["npd_cla"] = care(school_pupils)
    return out
