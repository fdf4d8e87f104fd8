namespace RocketOps.Broker.Groups;

/// <summary>A consumer group's settings while the broker runs; replaced as a whole.</summary>
internal sealed class GroupState(SubscriptionGroupConfig config)
{
    private volatile SubscriptionGroupConfig _config = config;

    public SubscriptionGroupConfig Config
    {
        get => _config;
        set => _config = value;
    }
}
