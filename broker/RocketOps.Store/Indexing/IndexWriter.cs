namespace RocketOps.Store.Indexing;

/// <summary>
/// Hands entries and slots of index files to the kernel. The lock, the index's own, guards what is in memory and is not held while the disk works. One thread at a time.
/// </summary>
internal sealed class IndexWriter(Lock indexLock)
{
    private readonly ChainWriter _chains = new();

    /// <summary>Writes what was put since the last call.</summary>
    public void WriteEntries(IndexFile file)
    {
        PendingEntries pending;
        lock (indexLock)
        {
            pending = file.Pending();
        }

        file.Write(pending);
        lock (indexLock)
        {
            file.Written(pending);
        }
    }

    /// <summary>
    /// Writes what was put since the last call, and the chains of all entries that are in none yet. After a failure these still count as in
    /// none.
    /// </summary>
    public void WriteChains(IndexFile file)
    {
        WriteEntries(file);
        int first;
        int count;
        ReadOnlyMemory<int> hashes;
        lock (indexLock)
        {
            first = file.ChainedCount;
            count = file.WrittenCount;
            hashes = file.UnchainedBefore(count);
        }

        if (hashes.IsEmpty)
        {
            return;
        }

        int used = _chains.Write(file, first, hashes.Span);
        int? recounted = file.HasUncertainSlots ? _chains.CountUsed(file) : null;
        lock (indexLock)
        {
            file.Chained(count, recounted ?? file.Header.UsedSlots + used);
        }

        // The header has the number of slots.
        WriteEntries(file);
    }
}
