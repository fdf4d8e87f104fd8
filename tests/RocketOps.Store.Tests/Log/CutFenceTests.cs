using RocketOps.Store.Log;

namespace RocketOps.Store.Tests.Log;

public class CutFenceTests
{
    [Fact]
    public void WhatLiesBeforeEveryCutStaysWhatItWas()
    {
        CutFence fence = new();
        int before = fence.Count;

        fence.Begin(700);
        fence.End();
        fence.Begin(900);
        fence.End();

        fence.IsIntact(before, 700).Should().BeTrue();
        fence.IsIntact(before, 701).Should().BeFalse("the first of the cuts took it");
        fence.IsIntact(fence.Count, 900).Should().BeTrue("it was appended after the cut");
    }

    [Fact]
    public void CountIsOddWhileACutIsUnderWay()
    {
        CutFence fence = new();

        (fence.Count % 2).Should().Be(0);
        fence.Begin(1);
        (fence.Count % 2).Should().Be(1);
        fence.End();
        (fence.Count % 2).Should().Be(0);
    }

    [Fact]
    public void BytesThatWereCutAreNotLent()
    {
        CutFence fence = new();
        int before = fence.Count;
        fence.Begin(100);
        fence.End();

        fence.TryLend(before, 101).Should().BeFalse();
        fence.TryLend(before, 100).Should().BeTrue();
        fence.TakeBack();

        // Returns only when nothing is lent: what was refused does not count.
        fence.Begin(50);
    }

    [Fact]
    public async Task ACutWaitsForWhatIsLent()
    {
        CutFence fence = new();
        fence.TryLend(fence.Count, 100).Should().BeTrue();

        Task cut = Task.Run(() => fence.Begin(0));
        while (fence.Count == 0)
        {
            await Task.Yield();
        }

        cut.IsCompleted.Should().BeFalse();
        fence.TakeBack();
        await cut;
    }
}
