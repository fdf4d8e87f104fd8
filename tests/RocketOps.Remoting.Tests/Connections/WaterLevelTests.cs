using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Tests.Connections;

public sealed class WaterLevelTests
{
    [Fact]
    public void Find_WhatSomeLeave_IsForTheOthers()
    {
        WaterLevel.Find([6, 6, 6], 17).Should().Be(5, "equal parts");
        WaterLevel.Find([2, 6, 6], 13).Should().Be(5, "the first leaves two of its part");
        WaterLevel.Find([1, 1, 1, 1, 99], 100).Should().Be(96);
        WaterLevel.Find([3], 0).Should().Be(0);
    }

    [Fact]
    public void Find_Everything_HasRoomOrNothingHas()
    {
        WaterLevel.Find([1, 99], 100).Should().Be(long.MaxValue);
        WaterLevel.Find([], 0).Should().Be(long.MaxValue);
        WaterLevel.Find([1, 99], -1).Should().Be(0);
        WaterLevel.Find([], -1).Should().Be(0);
    }

    [Fact]
    public void Find_AnyNumbers_IsTheGreatestLevelThatKeepsTheRoom()
    {
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            long[] held = [.. Enumerable.Range(0, 1 + random.Next(20)).Select(_ => 1 + random.NextInt64(random.Next(2) == 0 ? 10 : 1000)).Order()];
            long room = random.NextInt64(held.Sum());

            long level = WaterLevel.Find(held, room);

            held.Sum(bytes => Math.Min(bytes, level)).Should().BeLessThanOrEqualTo(room);
            held.Sum(bytes => Math.Min(bytes, level + 1)).Should().BeGreaterThan(room);
        }
    }
}
