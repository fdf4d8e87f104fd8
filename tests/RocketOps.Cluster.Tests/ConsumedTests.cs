namespace RocketOps.Cluster.Tests;

/// <summary>The positive control of what may be delivered again: in a good run nothing is.</summary>
public sealed class ConsumedTests
{
    private static readonly Consumed Known = new(new Dictionary<(string, string), long> { [("g", "b/0")] = 5, [("g", "b/1")] = 0, [("other", "b/0")] = 2 });

    [Theory]
    [InlineData("g", "b/0", 4, true)]
    [InlineData("g", "b/0", 5, false)]
    [InlineData("g", "b/1", 0, false)]
    [InlineData("other", "b/0", 1, true)]
    [InlineData("other", "b/0", 4, false)]
    [InlineData("g", "b/2", 0, false)]
    public void Among_DeliveredAgain_IsWhatItsGroupHadTold(string group, string queue, long offset, bool isConsumed)
    {
        Receipt repeat = new("key", queue, offset, 0, 0, WasSentBack: false, group, "member");

        Known.Among([repeat]).Should().HaveCount(isConsumed ? 1 : 0);
    }
}
