using RocketOps.Election.Epochs;

namespace RocketOps.Election.Tests.Epochs;

public sealed class EpochHistoryTests
{
    private static readonly EpochHistory Epochs = EpochHistory.Of(new(1, 0), new(2, 60), new(5, 90));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(60, 1)]
    [InlineData(61, 2)]
    [InlineData(90, 2)]
    [InlineData(1000, 5)]
    public void EpochAt_TheLastByte_IsThatOfItsMaster(long end, long epoch)
    {
        Epochs.EpochAt(end).Should().Be(epoch);
    }

    [Fact]
    public void Begin_WhereNothingWasWritten_TakesItsPlace()
    {
        Epochs.Begin(6, 90).Entries.Should().Equal(new EpochEntry(1, 0), new EpochEntry(2, 60), new EpochEntry(6, 90));
    }

    [Fact]
    public void Begin_AnOlderEpochOrPlace_IsRefused()
    {
        FluentActions.Invoking(() => Epochs.Begin(5, 100)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Epochs.Begin(6, 80)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Begin_MoreThanAreKept_ForgetsTheOldest()
    {
        EpochHistory epochs = EpochHistory.Empty;
        for (int i = 1; i <= EpochHistory.MaxEntries + 2; i++)
        {
            epochs = epochs.Begin(i, i * 10);
        }

        epochs.Entries.Should().HaveCount(EpochHistory.MaxEntries);
        epochs.Entries[0].Epoch.Should().Be(3);
    }

    [Theory]
    [InlineData(95, 3)]
    [InlineData(90, 2)]
    [InlineData(61, 2)]
    [InlineData(60, 1)]
    [InlineData(0, 0)]
    public void CutTo_AnEnd_ForgetsEpochsOfWhichNothingIsLeft(long end, int kept)
    {
        Epochs.CutTo(end).Entries.Should().HaveCount(kept);
    }

    [Theory]
    [InlineData(0, 60, new long[] { 1 })]
    [InlineData(60, 61, new long[] { 2 })]
    [InlineData(10, 100, new long[] { 1, 2, 5 })]
    [InlineData(95, 96, new long[] { 5 })]
    public void Between_ARange_BeginsWithTheEpochItBeginsIn(long from, long to, long[] epochs)
    {
        Epochs.Between(from, to).Select(static entry => entry.Epoch).Should().Equal(epochs);
    }
}
