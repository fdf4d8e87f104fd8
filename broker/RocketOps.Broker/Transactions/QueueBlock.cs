using System.Buffers;
using RocketOps.Store;

namespace RocketOps.Broker.Transactions;

/// <summary>Records of a queue of the broker's own, copied out of the store a block at a time. One thread; dispose it to give the memory back.</summary>
internal sealed class QueueBlock(MessageStore store, StoreTopic topic, int maxMessages) : IDisposable
{
    private readonly GetResult _result = new();
    private byte[] _buffer = [];
    private int _length;

    /// <summary>Where to read on.</summary>
    public long Next { get; private set; }

    public ReadOnlySpan<byte> Records => _buffer.AsSpan(0, _length);

    /// <summary>
    /// Reads from the queue offset on. False when nothing is there, or nothing that could be read; <see cref="Next"/> is then ahead when the queue begins later, as after
    /// retention, and the offset itself otherwise.
    /// </summary>
    public async ValueTask<bool> ReadAsync(long offset, CancellationToken cancellationToken)
    {
        _length = 0;
        Next = offset;
        GetLimits limits = new(maxMessages);
        GetStatus status = store.Reader.GetMessages(topic, TransactionTopics.Queue, offset, limits, filter: null, _result);
        if (status == GetStatus.WouldBlock)
        {
            status = await store.Reader.GetMessagesAsync(topic, TransactionTopics.Queue, offset, limits, filter: null, _result, cancellationToken);
        }

        if (status != GetStatus.Found)
        {
            if (status is GetStatus.OffsetTooSmall or GetStatus.OffsetFoundNull or GetStatus.MessageWasRemoving)
            {
                Next = Math.Max(offset, _result.NextBeginOffset);
            }

            return false;
        }

        Grow(_result.TotalBytes);
        if (!store.Reader.TryCopyMessages(_result, _buffer.AsSpan(0, _result.TotalBytes)) && !await store.Reader.CopyMessagesAsync(_result, _buffer.AsMemory(0, _result.TotalBytes), cancellationToken))
        {
            return false;
        }

        _length = _result.TotalBytes;
        Next = _result.NextBeginOffset;
        return true;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    private void Grow(int bytes)
    {
        if (_buffer.Length < bytes)
        {
            Dispose();
            _buffer = ArrayPool<byte>.Shared.Rent(bytes);
        }
    }
}
