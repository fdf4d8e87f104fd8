namespace RocketOps.Store.Indexing;

/// <summary>
/// Hands entries and slots of index files to the kernel. The lock, the index's own, guards what is in memory and is not held while the disk works. One thread at a time.
/// </summary>
internal sealed class IndexWriter(Lock indexLock)
{
    /// <summary>Slot pages that lie side by side and go with one write.</summary>
    private const int SlotRunPages = 64;

    private readonly byte[] _slotRun = new byte[SlotRunPages * SlotTable.PageBytes];

    /// <summary>What was put since the last call.</summary>
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

    /// <summary>The slots that changed since the last call, and the entries that they point to before them. After a failure they count as changed still.</summary>
    public void WriteSlots(IndexFile file)
    {
        int page = 0;
        int count;
        lock (indexLock)
        {
            count = file.Header.IndexCount;
        }

        while (true)
        {
            int bytes;
            PendingEntries pending;
            lock (indexLock)
            {
                bytes = file.TakeChangedSlots(ref page, _slotRun);
                pending = file.Pending();
            }

            if (bytes == 0)
            {
                break;
            }

            try
            {
                // Slots may point to entries put since the last look: these are in the kernel before them.
                file.Write(pending);
                lock (indexLock)
                {
                    file.Written(pending);
                }

                file.WriteSlots(page, _slotRun.AsSpan(0, bytes));
            }
            catch
            {
                lock (indexLock)
                {
                    file.ReturnChangedSlots(page, bytes);
                }

                throw;
            }

            page += SlotTable.PagesOf(bytes);
        }

        file.SlotsWritten(count);
    }
}
