namespace RocketOps.Broker.Configuration;

/// <summary>What a member of a group does; the names in configuration files are RocketMQ's (<c>ASYNC_MASTER</c>, …).</summary>
internal enum BrokerRole
{
    AsyncMaster,
    SyncMaster,
    Slave,
}
