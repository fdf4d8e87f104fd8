using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Controllers;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Controllers;

public sealed class WaitingPaceTests
{
    private static readonly ObjectKey Cluster = new("default", "a");

    private readonly FakeTimeProvider _time = new();
    private readonly WaitingPace _pace;

    public WaitingPaceTests() => _pace = new WaitingPace(new OperatorOptions(), _time);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(60, 1)]
    [InlineData(80, 5)]
    [InlineData(3600, 15)]
    public void Next_StatusStaysTheSame_LessAndLessOften(int seconds, int expected)
    {
        _pace.Next(Cluster, changed: true);
        _time.Advance(TimeSpan.FromSeconds(seconds));

        _pace.Next(Cluster, changed: false).Should().Be(TimeSpan.FromSeconds(expected));
    }

    [Fact]
    public void Next_StatusChanges_SoonAgain()
    {
        _pace.Next(Cluster, changed: false);
        _time.Advance(TimeSpan.FromHours(1));

        _pace.Next(Cluster, changed: true).Should().Be(TimeSpan.FromSeconds(1));
        _pace.Next(Cluster, changed: false).Should().Be(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Next_OtherCluster_HasItsOwn()
    {
        _pace.Next(Cluster, changed: true);
        _time.Advance(TimeSpan.FromHours(1));

        _pace.Next(new ObjectKey("default", "b"), changed: false).Should().Be(TimeSpan.FromSeconds(1));
    }
}
