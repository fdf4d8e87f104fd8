using System.Buffers;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Messages;

/// <summary>Records of a queue of the broker's own, copied out of the store a block at a time. One thread; release or dispose it to give the memory back.</summary>
internal sealed class QueueBlock(MessageStore store, StoreTopic topic, int queueId, int maxMessages) : IDisposable
{
    /// <summary>Retention or a cut of the log may take away what has just been found.</summary>
    private const int MaxAttempts = 3;

    /// <summary>Largest size of a block, but for one message that is larger.</summary>
    private const int MaxBytes = 1024 * 1024;

    private readonly GetResult _result = new();
    private byte[] _buffer = [];
    private int _at;
    private int _length;

    /// <summary>Queue offset to read on at.</summary>
    public long Next { get; private set; }

    /// <summary>The records, one behind the other, without those that were skipped.</summary>
    public ReadOnlySpan<byte> Records => _buffer.AsSpan(_at, _length - _at);

    /// <summary>The first so many bytes of the records are done with.</summary>
    public void Skip(int bytes) => _at += bytes;

    /// <summary>
    /// Reads from the queue offset on. False when nothing is there; <see cref="Next"/> is then where the queue goes on when that is elsewhere, as after retention or a cut of
    /// the log, and the offset itself otherwise. Throws <see cref="StoreException"/> when what is there cannot be read.
    /// </summary>
    public async ValueTask<bool> ReadAsync(long offset, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (!await FindAsync(offset, cancellationToken))
            {
                return false;
            }

            Grow(_result.TotalBytes);
            if (store.Reader.TryCopyMessages(_result, _buffer.AsSpan(0, _result.TotalBytes)) || await store.Reader.CopyMessagesAsync(_result, _buffer.AsMemory(0, _result.TotalBytes), cancellationToken))
            {
                _length = _result.TotalBytes;
                Next = _result.NextBeginOffset;
                return true;
            }
        }

        throw new StoreException($"the messages of {topic.Name} from {offset} on are gone each time they have been found");
    }

    /// <summary>Forgets the records and gives the memory back until the next read.</summary>
    public void Release()
    {
        _at = 0;
        _length = 0;
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    public void Dispose() => Release();

    private async ValueTask<bool> FindAsync(long offset, CancellationToken cancellationToken)
    {
        _at = 0;
        _length = 0;
        Next = offset;
        GetLimits limits = new(maxMessages, MaxBytes, IsForOwnUse: true);

        // What is wanted is usually in memory still; only the rest needs a thread that may wait for the disk.
        GetStatus status = store.Reader.GetMessages(topic, queueId, offset, limits, filter: null, _result);
        if (status == GetStatus.WouldBlock)
        {
            status = await store.Reader.GetMessagesAsync(topic, queueId, offset, limits, filter: null, _result, cancellationToken);
        }

        if (status is GetStatus.OffsetTooSmall or GetStatus.OffsetFoundNull or GetStatus.MessageWasRemoving)
        {
            Next = Math.Max(offset, _result.NextBeginOffset);
        }
        else if (status == GetStatus.OffsetOverflowBadly)
        {
            Next = _result.NextBeginOffset;
        }
        else if (status is GetStatus.NoMatchedLogicQueue or GetStatus.NoMessageInQueue)
        {
            // The offset is one of another log's, as when the files were removed without those of the configuration. From there the first messages to come would count as read.
            Next = 0;
        }

        return status == GetStatus.Found;
    }

    private void Grow(int bytes)
    {
        if (_buffer.Length < bytes)
        {
            Release();
            _buffer = ArrayPool<byte>.Shared.Rent(bytes);
        }
    }
}
