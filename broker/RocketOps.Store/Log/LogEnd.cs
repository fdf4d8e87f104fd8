namespace RocketOps.Store.Log;

/// <summary>Where a scan ended and why: <see cref="RecordCheck.Empty"/> at the regular end of a log, else what is wrong with the record there.</summary>
internal readonly record struct LogEnd(long Offset, RecordCheck Reason);
