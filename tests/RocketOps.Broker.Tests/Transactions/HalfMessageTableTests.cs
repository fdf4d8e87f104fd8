using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Tests.Transactions;

public sealed class HalfMessageTableTests
{
    [Fact]
    public void Claim_Twice_IsGivenOnce_UntilReleased()
    {
        HalfMessageTable halves = new();
        halves.Claim(5, out long current).Should().Be(HalfClaim.Taken);
        current.Should().Be(5);
        halves.Claim(5, out _).Should().Be(HalfClaim.UnderWay, "whoever comes meanwhile must not be told that it is settled: it may fail");

        halves.EndClaim(5, isSettled: false);

        halves.Claim(5, out _).Should().Be(HalfClaim.Taken);
        halves.EndClaim(5, isSettled: true);
        halves.Claim(5, out _).Should().Be(HalfClaim.Settled);
    }

    [Fact]
    public void NextOpen_WhatIsBeingSettled_IsNotPassed()
    {
        HalfMessageTable halves = new();
        halves.Claim(0, out _);
        halves.NextOpen(0, end: 1).Should().Be(0, "its end may fail");

        halves.EndClaim(0, isSettled: true);

        halves.NextOpen(0, end: 1).Should().Be(1);
        halves.Claim(0, out _).Should().Be(HalfClaim.Settled);
    }

    [Fact]
    public async Task EndClaim_OfWhatWasGivenUp_Failed_CanBeClaimedAgain()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        await GiveUpAsync(halves, 0, broker);
        halves.Advance(1);
        halves.Claim(0, out _).Should().Be(HalfClaim.Taken);

        halves.EndClaim(0, isSettled: false);

        halves.Claim(0, out _).Should().Be(HalfClaim.Taken, "it is not settled");
    }

    [Fact]
    public void Learn_OfWhatIsDone_LeadsToTheCopy_OfWhatIsOpen_DoesNot()
    {
        HalfMessageTable halves = new();
        halves.Reset(begin: 10);

        halves.Learn(original: 3, copy: 12);
        halves.Learn(original: 11, copy: 13);

        halves.Claim(3, out long current).Should().Be(HalfClaim.Taken);
        current.Should().Be(12);
        halves.Claim(12, out _).Should().Be(HalfClaim.UnderWay, "that is the same half");
        halves.Claim(11, out current).Should().Be(HalfClaim.Taken);
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
    public async Task Claim_BehindTheProgress_IsGivenForWhatWasGivenUpOrIsUnknown()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        halves.Reset(begin: 10);
        halves.Claim(10, out _).Should().Be(HalfClaim.Taken);
        halves.EndClaim(10, isSettled: true);
        await GiveUpAsync(halves, 11, broker);
        halves.Advance(12);

        halves.Claim(10, out _).Should().Be(HalfClaim.Settled, "it was settled");
        halves.Claim(11, out _).Should().Be(HalfClaim.Taken, "its producer may still end it");
        halves.EndClaim(11, isSettled: true);
        halves.Claim(11, out _).Should().Be(HalfClaim.Settled);
        halves.Claim(9, out _).Should().Be(HalfClaim.Taken, "it may have been put back before the start");
    }

    [Fact]
    public async Task TryGiveUp_IsBeingSettled_IsRefused_AndOfWhatIsGivenUpTheProducersEndIsTaken()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        halves.Claim(1, out _);
        halves.TryGiveUp(1, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out _, out _).Should().BeFalse();
        halves.NextOpen(1, 2).Should().Be(1);

        await GiveUpAsync(halves, 0, broker);

        halves.Claim(0, out _).Should().Be(HalfClaim.Taken, "at no moment is it taken for settled");
    }

    [Fact]
    public async Task NextOpen_PutBackByARoundThatFailed_IsNotPutBackAgain()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();

        halves.TryReplace(0, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out AppendStatus status, out _).Should().BeTrue();

        status.Should().Be(AppendStatus.Ok);
        halves.NextOpen(0, 1).Should().Be(1);
    }

    [Fact]
    public async Task TryResume_OfWhatWasGivenUp_OnlyOneOfTheTwoIsSettled()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        long keptAt = await GiveUpAsync(halves, 0, broker);
        halves.Advance(1);

        halves.TryResume(keptAt, original: null, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out AppendStatus status, out AppendResult resumed).Should().BeTrue();

        status.Should().Be(AppendStatus.Ok);
        halves.Claim(0, out long current).Should().Be(HalfClaim.Taken);
        current.Should().Be(resumed.QueueOffset, "an end of the old one is one of the new");
        halves.EndClaim(current, isSettled: true);
        halves.Claim(resumed.QueueOffset, out _).Should().Be(HalfClaim.Settled);
        halves.TryResume(keptAt, original: null, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out _, out _).Should().BeFalse("it was resumed");
    }

    [Fact]
    public async Task TryResume_SettledSinceItWasGivenUp_IsRefused()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        long keptAt = await GiveUpAsync(halves, 0, broker);
        halves.Claim(0, out _);
        halves.EndClaim(0, isSettled: true);

        halves.TryResume(keptAt, original: null, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out _, out _).Should().BeFalse();
    }

    /// <summary>After a restart nothing is known of it: asked back again and again it would be as many halves.</summary>
    [Fact]
    public async Task TryResume_GivenUpBeforeTheStart_OneHalfComesOfIt()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        long keptAt = await GiveUpAsync(halves, 0, broker);
        halves.Reset(begin: 1);

        halves.TryResume(keptAt, original: null, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out AppendStatus status, out AppendResult resumed).Should().BeTrue();
        status.Should().Be(AppendStatus.Ok);
        halves.TryResume(keptAt, original: null, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out _, out _).Should().BeFalse("it waits among the halves");
        halves.Claim(resumed.QueueOffset, out long current).Should().Be(HalfClaim.Taken);
        halves.EndClaim(current, isSettled: true);

        halves.TryResume(keptAt, original: null, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out _, out _).Should().BeFalse("its transaction is settled");
    }

    /// <summary>After a restart the half says itself which one it was when it was sent.</summary>
    [Fact]
    public async Task TryResume_GivenUpBeforeTheStart_AnEndOfTheHalfThatWasSentIsOneOfTheResumedHalf()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        long keptAt = await GiveUpAsync(halves, 1, broker);
        halves.Reset(begin: 2);

        halves.TryResume(keptAt, original: 0, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out _, out AppendResult resumed).Should().BeTrue();

        halves.Claim(0, out long current).Should().Be(HalfClaim.Taken);
        current.Should().Be(resumed.QueueOffset);
        halves.Claim(resumed.QueueOffset, out _).Should().Be(HalfClaim.UnderWay, "that is the same half");
        halves.EndClaim(current, isSettled: true);
        halves.Claim(0, out _).Should().Be(HalfClaim.Settled);
        halves.Claim(resumed.QueueOffset, out _).Should().Be(HalfClaim.Settled);
    }

    /// <summary>A producer may write the property as well, and must not settle another's half by it.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(50)]
    public async Task TryResume_GivenUpBeforeTheStart_NamesAHalfOfWhichMoreIsKnown_IsNotHeeded(long named)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        HalfMessageTable halves = new();
        long keptAt = await GiveUpAsync(halves, 1, broker);
        halves.Reset(begin: 2);
        await GiveUpAsync(halves, 2, broker);
        halves.Advance(3);

        halves.TryResume(keptAt, named, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out _, out _).Should().BeTrue();

        halves.Claim(named, out long current).Should().Be(HalfClaim.Taken);
        current.Should().Be(named, "given up in this epoch, open, or not there yet");
    }

    [Fact]
    public void PassOver_WhatNothingTakes_LetsTheRoundGoOnAndItsProducerEndIt()
    {
        HalfMessageTable halves = new();

        halves.PassOver(0);

        halves.NextOpen(0, 2).Should().Be(1);
        halves.Advance(1);
        halves.Claim(0, out _).Should().Be(HalfClaim.Taken);
    }

    [Fact]
    public void CountOpen_SettledOnes_AreNotCounted()
    {
        HalfMessageTable halves = new();
        halves.Reset(begin: 10);
        halves.AddSettled(12);
        halves.AddSettled(3);

        halves.CountOpen(end: 15).Should().Be(4);
        halves.CountOpen(end: 0).Should().Be(0, "the queue may have been cut");
    }

    [Fact]
    public void Reset_AfterACut_SettlesNothingThatCameInThePlaceOfWhatWas()
    {
        HalfMessageTable halves = new();
        halves.AddSettled(7);

        halves.Reset(begin: 6);

        halves.NextOpen(6, 10).Should().Be(6);
        halves.Claim(7, out _).Should().Be(HalfClaim.Taken);
    }

    private static async Task<long> GiveUpAsync(HalfMessageTable halves, long queueOffset, TestBroker broker)
    {
        halves.TryGiveUp(queueOffset, broker.Host.Modules.Messages.Appender, (await CopyAsync(broker)).ToAppend(), out AppendStatus status, out AppendResult kept).Should().BeTrue();
        status.Should().Be(AppendStatus.Ok);
        return kept.Offset.Value;
    }

    /// <summary>A message for a queue that is known.</summary>
    private static async Task<OwnedMessage> CopyAsync(TestBroker broker)
    {
        await broker.SendAsync("T", "the queue is known");
        return new OwnedMessage { Topic = broker.Host.Modules.Host.Store.GetOrAddTopic("T"u8), QueueId = 0, Body = "copy"u8.ToArray() };
    }
}
