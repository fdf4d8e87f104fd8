namespace RocketOps.Store.Log;

/// <summary>Shown what a scan of the log finds, in order.</summary>
internal interface ILogVisitor
{
    /// <summary>A record whose structure, place and checksum are right.</summary>
    void OnRecord(in RecordView record);

    /// <summary>An end-of-file record, and the size it claims.</summary>
    void OnBlank(long offset, int size);
}
