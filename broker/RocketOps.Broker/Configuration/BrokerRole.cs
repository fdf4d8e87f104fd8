namespace RocketOps.Broker.Configuration;

/// <summary>Role of a member of a group; the names in configuration files are RocketMQ's (<c>ASYNC_MASTER</c>, …).</summary>
internal enum BrokerRole
{
    AsyncMaster,
    SyncMaster,
    Slave,
}
