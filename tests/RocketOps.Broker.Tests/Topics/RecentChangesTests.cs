using RocketOps.Broker.Topics;

namespace RocketOps.Broker.Tests.Topics;

public class RecentChangesTests
{
    private readonly RecentChanges _changes = new();

    [Fact]
    public void ChangesAfterAVersionAreTold()
    {
        _changes.Add(1, "a");
        _changes.Add(2, "b");
        _changes.Add(3, "a");

        _changes.After(0).Should().Equal("a", "b", "a");
        _changes.After(1).Should().Equal("b", "a");
        _changes.After(3).Should().BeEmpty();
    }

    [Fact]
    public void WhatWasForgottenIsNotPassedOver()
    {
        _changes.Add(1, "a");
        _changes.Forget(5);
        _changes.Add(6, "b");

        _changes.After(4).Should().BeNull();
        _changes.After(5).Should().Equal("b");
    }

    [Fact]
    public void NoMoreThanSomeAreKept()
    {
        for (int version = 1; version <= RecentChanges.Max + 2; version++)
        {
            _changes.Add(version, "t");
        }

        _changes.After(1).Should().BeNull();
        _changes.After(2).Should().HaveCount(RecentChanges.Max);
    }
}
