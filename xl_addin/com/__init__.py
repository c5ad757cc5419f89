"""The Windows face: functions and ribbon of Excel through the free part of xlwings (spec 08 §6 to §8)."""
