using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Persistence;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Numbers of open transactions of each topic, counted in the queue of halves now and then and at the end for config/transactionMetrics.
/// One caller at a time. Source: apache/rocketmq TransactionMetrics 5.5.0.
/// </summary>
internal sealed partial class TransactionMetrics(
    BrokerSettings settings, MessageStore store, TransactionState state, IStoreFileSystem files, TimeProvider time, ILogger<TransactionMetrics> logger)
{
    private const int MaxMessagesOfRead = 64;

    /// <summary>More are not read for a number that Apache's broker only shows.</summary>
    private const int MostHalves = 100_000;

    private static readonly TimeSpan WriteInterval = TimeSpan.FromMinutes(5);

    private readonly TopicCountFile _file = new(Path.Combine(settings.Current.StoreRoot, "config", "transactionMetrics"), "transactionCount", files, time);
    private readonly ILogger<TransactionMetrics> _logger = logger;
    private long _lastWrite = time.GetTimestamp();
    private (long Begin, long End, int Settled) _written;

    /// <summary>Writes the file when that was long enough ago, or at the end.</summary>
    public async Task WriteAsync(bool isEnd)
    {
        if (!isEnd && time.GetElapsedTime(_lastWrite) < WriteInterval)
        {
            return;
        }

        _lastWrite = time.GetTimestamp();
        try
        {
            (long Begin, long End, int Settled) counted = (state.Progress.Half, (await store.Reader.GetOffsetsAsync(state.Topics.Half, TransactionTopics.Queue, CancellationToken.None)).Max, state.Halves.SettledCount);
            if (counted != _written && await CountAsync(counted.Begin, counted.End) is { } counts)
            {
                await _file.WriteAsync(counts, counted.End + counted.Settled);
                _written = counted;
            }
        }
        catch (Exception failure) when (failure is IOException or StoreIOException or StoreException)
        {
            LogNotWritten(failure);
        }
    }

    /// <summary>Null when there are too many to count.</summary>
    private async Task<SortedDictionary<string, long>?> CountAsync(long begin, long end)
    {
        SortedDictionary<string, long> counts = new(StringComparer.Ordinal);
        using QueueBlock block = new(store, state.Topics.Half, TransactionTopics.Queue, MaxMessagesOfRead);
        int counted = 0;
        for (long at = state.Halves.NextOpen(begin, end); at < end; at = state.Halves.NextOpen(block.Next, end))
        {
            if (counted > MostHalves)
            {
                return null;
            }

            if (await block.ReadAsync(at, CancellationToken.None))
            {
                counted += Count(block.Records, counts);
            }
            else if (block.Next <= at)
            {
                break;
            }
        }

        return counts;
    }

    private int Count(ReadOnlySpan<byte> records, SortedDictionary<string, long> counts)
    {
        int counted = 0;
        while (!records.IsEmpty)
        {
            int size = RecordView.SizeAt(records);
            HalfMessage half = HalfMessage.Read(records[..size].ToArray());
            records = records[size..];
            if (state.Halves.IsOpen(half.QueueOffset) && half.Topic is { } topic)
            {
                counts[topic] = counts.GetValueOrDefault(topic) + 1;
                counted++;
            }
        }

        return counted;
    }

    [LoggerMessage(EventId = 3721, Level = LogLevel.Warning, Message = "config/transactionMetrics could not be written; a broker of Apache's that is given this store begins with older numbers of open transactions")]
    private partial void LogNotWritten(Exception failure);
}
