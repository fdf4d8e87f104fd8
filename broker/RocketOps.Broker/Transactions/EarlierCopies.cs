using RocketOps.Broker.Messages;
using RocketOps.Store;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Finds the copies of halves that were put back before this master's epoch, and of which the noted progress does not tell: it is written
/// every few seconds, and a killed broker writes none. Without them a half would be asked about again whose copy is settled, and its
/// message would come twice.
/// </summary>
internal sealed class EarlierCopies(MessageStore store, TransactionState state)
{
    private const int MaxMessagesOfRead = 64;

    /// <summary>
    /// Looks at all halves from the checks' progress to before <paramref name="end"/>. The ops that settle them are read already. A copy
    /// that is not the same message as what it names is a half of its own: producers can write that property, too.
    /// </summary>
    public async Task LearnAsync(long end, CancellationToken cancellationToken)
    {
        using QueueBlock block = new(store, state.Topics.Half, TransactionTopics.Queue, MaxMessagesOfRead);
        using QueueBlock earlier = new(store, state.Topics.Half, TransactionTopics.Queue, maxMessages: 1);
        long begin = state.Progress.Half;

        // By the place of the half as it was sent, which all of its copies name.
        Dictionary<long, long> newest = [];
        long at = begin;
        while (at < end)
        {
            bool isRead = await block.ReadAsync(at, cancellationToken);
            if (!isRead && block.Next <= at)
            {
                return;
            }

            at = block.Next;
            foreach (HalfMessage copy in isRead ? FindCopies(block.Records) : [])
            {
                long original = copy.Original!.Value;
                long before = newest.GetValueOrDefault(original, original);
                if (before < begin)
                {
                    state.Halves.Learn(original, copy.QueueOffset);
                    newest[original] = copy.QueueOffset;
                }
                else if (before < copy.QueueOffset && await IsCopyAsync(copy, before, earlier, cancellationToken))
                {
                    state.Halves.LearnReplaced(before, copy.QueueOffset);
                    newest[original] = copy.QueueOffset;
                }
            }
        }
    }

    private static async ValueTask<bool> IsCopyAsync(HalfMessage copy, long half, QueueBlock block, CancellationToken cancellationToken) =>
        await block.ReadAsync(half, cancellationToken) && HalfMessage.Read(block.Records.ToArray()) is var found
            && found.QueueOffset == half && copy.IsCopyOf(found);

    private static List<HalfMessage> FindCopies(ReadOnlySpan<byte> records)
    {
        List<HalfMessage> copies = [];
        while (!records.IsEmpty)
        {
            int size = RecordView.SizeAt(records);
            HalfMessage half = HalfMessage.Read(records[..size].ToArray());
            records = records[size..];
            if (half.Original is not null)
            {
                copies.Add(half);
            }
        }

        return copies;
    }
}
