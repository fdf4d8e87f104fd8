using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Store;

namespace RocketOps.Broker.Tests.Transactions;

public sealed class HalfMessageTableTests
{
    [Fact]
    public void Claim_Twice_IsGivenOnce_UntilReleased()
    {
        HalfMessageTable halves = new();
        halves.TryClaim(5, out long current).Should().BeTrue();
        current.Should().Be(5);
        halves.TryClaim(5, out _).Should().BeFalse();

        halves.EndClaim(5, isSettled: false);

        halves.TryClaim(5, out _).Should().BeTrue();
    }

    [Fact]
    public void NextOpen_WhatIsBeingSettled_IsNotPassed()
    {
        HalfMessageTable halves = new();
        halves.TryClaim(0, out _);
        halves.NextOpen(0, end: 1).Should().Be(0, "its end may fail");

        halves.EndClaim(0, isSettled: true);

        halves.NextOpen(0, end: 1).Should().Be(1);
        halves.TryClaim(0, out _).Should().BeFalse();
    }

    [Fact]
    public void EndClaim_OfWhatWasGivenUp_Failed_CanBeClaimedAgain()
    {
        HalfMessageTable halves = new();
        halves.GiveUp(0);
        halves.Advance(1);
        halves.TryClaim(0, out _).Should().BeTrue();

        halves.EndClaim(0, isSettled: false);

        halves.TryClaim(0, out _).Should().BeTrue("it is not settled");
    }

    [Fact]
    public void Learn_OfWhatIsDone_LeadsToTheCopy_OfWhatIsOpen_DoesNot()
    {
        HalfMessageTable halves = new();
        halves.Reset(begin: 10);

        halves.Learn(original: 3, copy: 12);
        halves.Learn(original: 11, copy: 13);

        halves.TryClaim(3, out long current).Should().BeTrue();
        current.Should().Be(12);
        halves.TryClaim(12, out _).Should().BeFalse("that is the same half");
        halves.TryClaim(11, out current).Should().BeTrue();
        current.Should().Be(11, "a producer may write the property as well, and must not settle another's half by it");
    }

    [Fact]
    public void Advance_ForgetsWhatIsBehind()
    {
        HalfMessageTable halves = new();
        halves.AddSettled(1);
        halves.AddSettled(2);
        halves.AddSettled(4);

        halves.Advance(3);
        halves.AddSettled(0);

        halves.SettledCount.Should().Be(1);
        halves.NextOpen(3, 10).Should().Be(3);
        halves.NextOpen(4, 10).Should().Be(5);
    }

    [Fact]
    public void Claim_BehindTheProgress_IsGivenForWhatWasGivenUpOrIsUnknown()
    {
        HalfMessageTable halves = new();
        halves.Reset(begin: 10);
        halves.TryClaim(10, out _).Should().BeTrue();
        halves.TryClaim(11, out _).Should().BeTrue();
        halves.GiveUp(11);
        halves.Advance(12);

        halves.TryClaim(10, out _).Should().BeFalse("it was settled");
        halves.TryClaim(11, out _).Should().BeTrue("its producer may still end it");
        halves.TryClaim(11, out _).Should().BeFalse();
        halves.TryClaim(9, out _).Should().BeTrue("it may have been put back before the start");
    }

    [Fact]
    public async Task NextOpen_PutBackByARoundThatFailed_IsNotPutBackAgain()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SendAsync("T", "the queue is known");
        HalfMessageTable halves = new();
        MessageToAppend copy = new() { Topic = broker.Host.Parts.Store.GetOrAddTopic("T"u8), QueueId = 0, Body = "copy"u8 };

        halves.TryReplace(0, broker.Host.Parts.Appender, copy, out AppendStatus status, out _).Should().BeTrue();

        status.Should().Be(AppendStatus.Ok);
        halves.NextOpen(0, 1).Should().Be(1);
    }

    [Fact]
    public void Reset_AfterACut_SettlesNothingThatCameInThePlaceOfWhatWas()
    {
        HalfMessageTable halves = new();
        halves.AddSettled(7);

        halves.Reset(begin: 6);

        halves.NextOpen(6, 10).Should().Be(6);
        halves.TryClaim(7, out _).Should().BeTrue();
    }
}
