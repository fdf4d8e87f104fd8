using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace RocketOps.Remoting.Server.Kestrel;

/// <summary>
/// Gives Kestrel receive blocks of 64 KiB instead of 4 KiB. With 4 KiB a batch is 2.7 messages of 1 KiB and at 10 000 messages a second the server
/// costs more CPU than Java's (performance.md §11.2); with 64 KiB everything a socket holds is one batch.
/// </summary>
internal sealed class LargeBlockMemoryPoolFactory : IMemoryPoolFactory<byte>
{
    private readonly LargeBlockMemoryPool _pool = new();

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => _pool;
}
