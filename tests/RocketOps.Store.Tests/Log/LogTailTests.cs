using RocketOps.Store.Log;

namespace RocketOps.Store.Tests.Log;

/// <summary>The tail takes the memory it needs: a little as a rule, all of it for a burst or a large message, which goes back afterwards.</summary>
public sealed class LogTailTests
{
    private const int Usual = 64 * 1024;
    private const int Capacity = 4 * 1024 * 1024;

    [Fact]
    public void Fit_LittlePending_StaysInTheUsualRing()
    {
        LogTail tail = new(Capacity, Usual);
        tail.Start(0);

        tail.Fit(0, LogTail.PendingRoom(Usual));

        tail.Length.Should().Be(Usual);
    }

    [Fact]
    public void Fit_ABurst_KeepsWhatIsPendingAndWhatIsRead()
    {
        LogTail tail = new(Capacity, Usual);
        tail.Start(1000);
        long end = Append(tail, 1000, 3 * Usual);
        tail.GetSpans(end - Usual, Usual, out Span<byte> pending, out Span<byte> wrapped);
        byte[] before = [.. pending, .. wrapped];

        tail.Fit(end, LogTail.PendingRoom(Usual) + 1);
        tail.Length.Should().Be(Capacity);
        tail.ValidFrom.Should().Be(end - Usual, "what was overwritten before does not come back");
        Read(tail, end - Usual, Usual).Should().Equal(before);
        long next = Append(tail, end, Usual * 2);

        byte[] after = [.. pending, .. wrapped];
        after.Should().Equal(before, "whoever writes from the usual ring goes on with it");
        Read(tail, end - Usual, Usual).Should().Equal(before);
        Read(tail, end, Usual * 2).Should().Equal(Expected(end, Usual * 2));
        tail.TryCopyOut(next - (4 * Usual), new byte[10]).Should().BeFalse();
    }

    [Fact]
    public void TryShrink_ABurstIsOver_ReturnsToTheUsualRingWithWhatItHolds()
    {
        LogTail tail = new(Capacity, Usual);
        tail.Start(0);
        tail.Fit(0, Capacity / 2);
        long end = Append(tail, 0, Capacity / 2);

        tail.TryShrink(end).Should().BeFalse("it was needed since the last look");
        tail.TryShrink(end).Should().BeTrue();

        tail.Length.Should().Be(Usual);
        tail.ValidFrom.Should().Be(end - Usual);
        Read(tail, end - Usual, Usual).Should().Equal(Expected(end - Usual, Usual));
        tail.TryCopyOut(end - Usual - 1, new byte[1]).Should().BeFalse();
    }

    [Fact]
    public void TryShrink_GivesThePagesOfTheLargeRingBack()
    {
        LogTail tail = new(Capacity, Usual);
        tail.Start(0);
        tail.Fit(0, Capacity / 2);
        long end = Append(tail, 0, Capacity / 2);
        tail.GetSpans(0, Capacity / 2, out Span<byte> large, out _);
        tail.TryShrink(end);

        tail.TryShrink(end).Should().BeTrue();

        // What the system took back it gives again as zeros.
        large[(large.Length / 4)..(large.Length / 2)].IndexOfAnyExcept((byte)0).Should().Be(-1);
        tail.Fit(end, Capacity / 2);
        long next = Append(tail, end, Capacity / 2);
        Read(tail, next - (Capacity / 2), Capacity / 2).Should().Equal(Expected(end, Capacity / 2));
    }

    private static long Append(LogTail tail, long at, int bytes)
    {
        for (long end = at + bytes; at < end;)
        {
            int length = (int)Math.Min(1000, end - at);
            tail.Reserve(at + length);
            tail.CopyIn(at, Expected(at, length));
            at += length;
        }

        return at;
    }

    private static byte[] Read(LogTail tail, long offset, int length)
    {
        byte[] bytes = new byte[length];
        tail.TryCopyOut(offset, bytes).Should().BeTrue();
        return bytes;
    }

    private static byte[] Expected(long offset, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)((offset + i) * 31 / 7 % 251);
        }

        return bytes;
    }
}
