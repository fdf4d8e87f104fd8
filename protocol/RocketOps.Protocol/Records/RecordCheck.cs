namespace RocketOps.Protocol.Records;

/// <summary>Result of a check of a place in the log where a record may begin.</summary>
public enum RecordCheck
{
    Valid = 0,

    /// <summary>End-of-file record.</summary>
    Blank,

    /// <summary>Zeros: nothing was written here.</summary>
    Empty,

    /// <summary>Looks like a record that goes on behind the given bytes.</summary>
    Incomplete,
    BadMagic,
    BadSize,

    /// <summary>The fields' lengths do not add up to the record's.</summary>
    BadLengths,

    /// <summary>The record says that it belongs elsewhere.</summary>
    WrongOffset,
    BadCrc,

    /// <summary>The last record of the log, and its text ends in zeros: the end of it was lost.</summary>
    TornText,
}
