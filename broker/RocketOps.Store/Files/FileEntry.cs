namespace RocketOps.Store.Files;

/// <summary>A directory entry.</summary>
public readonly record struct FileEntry(string Name, bool IsDirectory);
