using System.Buffers;
using System.Collections.Concurrent;

namespace RocketOps.Remoting.Server;

/// <summary>
/// Pinned 64 KiB blocks, reused. A connection holds blocks only while bytes are in flight, so the number in use follows the load; blocks beyond
/// <see cref="KeptBlocks"/> are left to the collector when they come back.
/// </summary>
internal sealed class LargeBlockMemoryPool : MemoryPool<byte>
{
    /// <summary>Size of every block in bytes.</summary>
    public const int BlockBytes = 64 * 1024;

    /// <summary>16 MiB stay with the pool at most.</summary>
    private const int KeptBlocks = 256;

    private readonly ConcurrentStack<Block> _free = new();
    private int _freeCount;

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        if (minBufferSize > BlockBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(minBufferSize), minBufferSize, $"at most {BlockBytes} bytes");
        }

        if (_free.TryPop(out Block? block))
        {
            Interlocked.Decrement(ref _freeCount);
            return block;
        }

        return new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        // Shared by all transports of the server: blocks die with the pool object.
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _freeCount) <= KeptBlocks)
        {
            _free.Push(block);
        }
        else
        {
            Interlocked.Decrement(ref _freeCount);
        }
    }

    private sealed class Block : IMemoryOwner<byte>
    {
        private readonly LargeBlockMemoryPool _pool;

        public Block(LargeBlockMemoryPool pool)
        {
            _pool = pool;
            Memory = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
        }

        public Memory<byte> Memory { get; }

        public void Dispose() => _pool.Return(this);
    }
}
