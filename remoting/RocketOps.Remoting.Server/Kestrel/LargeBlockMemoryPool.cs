using System.Buffers;

namespace RocketOps.Remoting.Server.Kestrel;

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

    // An array under a lock: the concurrent collections allocate a node for each block that comes back, several times per request.
    private readonly Lock _gate = new();
    private readonly Block?[] _free = new Block?[KeptBlocks];
    private int _freeCount;

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        if (minBufferSize > BlockBytes)
        {
            throw new ArgumentOutOfRangeException(nameof(minBufferSize), minBufferSize, $"at most {BlockBytes} bytes");
        }

        lock (_gate)
        {
            if (_freeCount > 0)
            {
                Block block = _free[--_freeCount]!;
                _free[_freeCount] = null;
                block.IsRented = true;
                return block;
            }
        }

        return new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        // Shared by all transports of the server: blocks die with the pool object.
    }

    private void Return(Block block)
    {
        lock (_gate)
        {
            if (!block.IsRented)
            {
                // Twice in the pool, it would be given to two connections, and one would send the other's bytes.
                throw new InvalidOperationException("a block was returned twice");
            }

            block.IsRented = false;
            if (_freeCount < KeptBlocks)
            {
                _free[_freeCount++] = block;
            }
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

        /// <summary>Guarded by the pool's gate.</summary>
        public bool IsRented { get; set; } = true;

        public void Dispose() => _pool.Return(this);
    }
}
