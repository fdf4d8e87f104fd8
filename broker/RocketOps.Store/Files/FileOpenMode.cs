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

    /// <summary>As <see cref="Truncate"/>; created so that only its owner may read it. One that is there keeps the rights it has.</summary>
    TruncatePrivate,
}
