namespace RocketOps.Client.Tests.Admin.Results;

public sealed class ConsumeStatsTests
{
    [Theory]
    [InlineData(7, 3, 4)]
    [InlineData(7, 0, 7)]
    [InlineData(7, -1, 7)] // a queue of a static topic in which the group has committed nothing
    public void Lag_OfAQueue_IsWhatTheGroupHasNotCommitted(long brokerOffset, long consumerOffset, long lag) =>
        new ConsumerQueueOffsets { BrokerOffset = brokerOffset, ConsumerOffset = consumerOffset }.Lag.Should().Be(lag);
}
