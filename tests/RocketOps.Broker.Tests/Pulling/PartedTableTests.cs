using RocketOps.Broker.Pulling;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>A table that holds what it is given, and no more room than that takes.</summary>
public sealed class PartedTableTests
{
    private readonly PartedTable<int, int> _table = new(EqualityComparer<int>.Default);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TryGetValue_WhateverComesAndGoes_FindsWhatIsThere(int seed)
    {
        Random random = new(seed);
        Dictionary<int, int> expected = [];
        for (int i = 0; i < 40_000; i++)
        {
            // Thousands come, then most of them go again, and so on.
            int key = random.Next(-2_000, 2_000);
            if (random.Next(10) < (i / 10_000 % 2 == 0 ? 1 : 9))
            {
                expected.Remove(key);
                _table.Remove(key);
            }
            else if (expected.TryAdd(key, i))
            {
                _table.Add(key, i);
            }

            int asked = random.Next(-2_000, 2_000);
            bool found = _table.TryGetValue(asked, out int value);
            (found, value, _table.Count).Should().Be((expected.TryGetValue(asked, out int wanted), wanted, expected.Count));
        }
    }

    [Fact]
    public void Remove_NearlyAll_GivesTheRoomBack()
    {
        for (int key = 0; key < 10_000; key++)
        {
            _table.Add(key, key);
        }

        _table.Capacity.Should().BeGreaterThanOrEqualTo(10_000);
        for (int key = 10; key < 10_000; key++)
        {
            _table.Remove(key);
        }

        _table.Capacity.Should().BeLessThan(1_000);
        Enumerable.Range(0, 10).All(key => _table.TryGetValue(key, out int value) && value == key).Should().BeTrue("what stays is found");
    }
}
