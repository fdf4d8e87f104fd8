namespace RocketOps.Store.Files;

public enum FileOpenMode
{
    /// <summary>Existing file, reading only.</summary>
    Read = 0,

    /// <summary>Existing file, reading and writing.</summary>
    ReadWrite,

    /// <summary>Reading and writing, created when missing.</summary>
    OpenOrCreate,

    /// <summary>Reading and writing, created or emptied.</summary>
    Truncate,

    /// <summary>Same as <see cref="Truncate"/>, but a new file can be read by its owner only. An existing file keeps its rights.</summary>
    TruncatePrivate,
}
