namespace RocketOps.Store.Indexing;

/// <summary>Position up to which the index is on the disk.</summary>
/// <param name="Name">Name of its newest file, as a number; 0 when it has none. Older ones are on the disk as a whole.</param>
/// <param name="Entries">That file's entries before this number are on the disk, and its slots there know them.</param>
internal readonly record struct IndexPosition(long Name, int Entries);
