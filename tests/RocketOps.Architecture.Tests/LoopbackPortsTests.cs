using RocketOps.Testing.Processes;

namespace RocketOps.Architecture.Tests;

public sealed class LoopbackPortsTests
{
    /// <summary>A test that has not started its program yet, or is about to start it again, has its ports as well.</summary>
    [Fact]
    public void Find_NobodyListensYet_GivesNoPortTwice()
    {
        int[] offsets = [-2, 0, 1];

        int[] ports = [.. Enumerable.Range(0, 120).Select(_ => LoopbackPorts.Find(offsets)).SelectMany(port => offsets.Select(offset => port + offset))];

        ports.Should().OnlyHaveUniqueItems().And.NotContain(25_010, "planes of rocketops up claim their networks with it");
    }
}
