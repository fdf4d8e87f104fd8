namespace RocketOps.Store.Log;

/// <summary>
/// End of a scan and the reason for it: <see cref="RecordCheck.Empty"/> at the regular end of a log, else what is wrong with the record
/// there.
/// </summary>
internal readonly record struct ScanEnd(long Offset, RecordCheck Reason);
