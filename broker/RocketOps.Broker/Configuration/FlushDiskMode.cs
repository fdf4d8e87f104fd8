namespace RocketOps.Broker.Configuration;

/// <summary>When a send is acknowledged: once the kernel has it, or once the disk has it. RocketMQ's <c>flushDiskType</c>.</summary>
internal enum FlushDiskMode
{
    Async,
    Sync,
}
