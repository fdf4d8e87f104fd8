namespace RocketOps.Store.Log;

/// <summary>Whole records, and perhaps a blank one at the end of their file.</summary>
/// <param name="Bytes">Their length; 0 when there is none.</param>
/// <param name="Messages">How many.</param>
/// <param name="LastMessageAt">Where the last of them begins.</param>
/// <param name="LastStoreTimestamp">Of the last message.</param>
internal readonly record struct RawRun(int Bytes, int Messages, int LastMessageAt, long LastStoreTimestamp);
