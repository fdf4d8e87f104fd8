using RocketOps.Broker.Pending;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Pending;

public sealed class ScanMemoryTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ScanMemory _memory;

    public ScanMemoryTests() => _memory = new ScanMemory(_time);

    [Fact]
    public void Find_AskedAgain_GoesOn()
    {
        TopicScan? scan = Find(1);
        Find(1).Should().BeSameAs(scan);
        _memory.Find("T1", 5, 0).Should().NotBeSameAs(scan);
        _memory.Find("T1", 0, generation: 1).Should().NotBeSameAs(scan, "the log was cut");
    }

    [Fact]
    public void Find_NoRoom_ThoseThatAreNotThroughGoOn()
    {
        TopicScan?[] first = [.. Enumerable.Range(0, ScanMemory.MostScans).Select(Find)];

        Find(ScanMemory.MostScans).Should().BeNull();
        Enumerable.Range(0, ScanMemory.MostScans).Select(Find).Should().Equal(first, "none of them begins anew");
    }

    [Fact]
    public void Find_NobodyAsksForOneAnyMore_MakesRoomForTheNext()
    {
        TopicScan? left = Find(0);
        _time.Advance(ScanMemory.Patience);
        TopicScan?[] others = [.. Enumerable.Range(1, ScanMemory.MostScans - 1).Select(Find)];

        Find(ScanMemory.MostScans).Should().NotBeNull();

        Enumerable.Range(1, ScanMemory.MostScans - 1).Select(Find).Should().Equal(others);
        left.Should().NotBeNull();
        Find(0).Should().BeNull("its place is taken");
    }

    private TopicScan? Find(int number) => _memory.Find($"T{number.ToString(System.Globalization.CultureInfo.InvariantCulture)}", 0, 0);
}
