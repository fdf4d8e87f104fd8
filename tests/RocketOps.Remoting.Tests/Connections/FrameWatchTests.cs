using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Tests.Connections;

public sealed class FrameWatchTests
{
    [Fact]
    public void HasStalled_TooFewBytesForAsLongAsItTakes_IsTrue()
    {
        FrameWatch watch = new();

        watch.HasStalled(frames: 7, bytes: 100, least: 10).Should().BeFalse("it has only just begun");
        watch.HasStalled(7, 109, 10).Should().BeFalse();
        watch.HasStalled(7, 110, 10).Should().BeFalse();
        watch.HasStalled(7, 110, 10).Should().BeTrue();
    }

    [Theory]
    [InlineData(7L, 120L, "it got what it had to")]
    [InlineData(8L, 100L, "it is another frame")]
    [InlineData(7L, 0L, "nothing has begun, or it is not read")]
    public void HasStalled_OnceInBetween_BeginsAnew(long frames, long bytes, string because)
    {
        FrameWatch watch = new();
        watch.HasStalled(7, 100, 10);
        watch.HasStalled(7, 101, 10);
        watch.HasStalled(7, 102, 10);

        watch.HasStalled(frames, bytes, 10).Should().BeFalse(because);
        watch.HasStalled(frames, bytes, 10).Should().BeFalse();
        watch.HasStalled(frames, bytes, 10).Should().BeFalse();
    }
}
