using RocketOps.Broker.Roles;

namespace RocketOps.Broker.Tests.Roles;

public sealed class RestingProgressTests
{
    private long _kept = long.MaxValue;

    /// <summary>Against the plain list: never later than the first step that has lost what it rests on, and exactly that while nothing had to be forgotten.</summary>
    [Theory]
    [InlineData(40)]
    [InlineData(400)]
    public void Cut_AnySteps_GoesBackToTheFirstThatLostSomething(int steps)
    {
        Random random = new(11);
        for (int run = 0; run < 300; run++)
        {
            (RestingProgress progress, List<(long From, long RestsOn)> plain, long end) = Run(random, steps);
            long cut = random.NextInt64(end + 10);
            long? expected = FirstOf(plain, cut);

            long? actual = progress.Cut(new PhysicalOffset(cut));

            actual.HasValue.Should().Be(expected.HasValue);
            (actual ?? 0).Should().BeLessThanOrEqualTo(expected ?? 0);
            progress.Value.Should().Be(actual ?? plain[^1].From + 1);
            if (steps < 64)
            {
                actual.Should().Be(expected);
            }

            progress.Cut(new PhysicalOffset(cut)).Should().BeNull("what was cut is forgotten");
        }
    }

    /// <summary>The same for what is kept, which never says more than the log does.</summary>
    [Theory]
    [InlineData(40)]
    [InlineData(400)]
    public void Kept_AnySteps_IsWhereTheFirstBeginsThatRestsOnMore(int steps)
    {
        Random random = new(12);
        for (int run = 0; run < 300; run++)
        {
            _kept = random.NextInt64(steps * 25);
            (RestingProgress progress, List<(long From, long RestsOn)> plain, _) = Run(random, steps);
            long expected = FirstOf(plain, _kept) ?? progress.Value;

            progress.Kept.Should().BeLessThanOrEqualTo(expected);
            if (steps < 64)
            {
                progress.Kept.Should().Be(expected);
            }
        }
    }

    /// <summary>Steps that count as one must not be put off by each new one: nothing would ever be noted under load.</summary>
    [Fact]
    public void Kept_TheLogIsAlwaysAHundredStepsBehind_GoesOnAllTheSame()
    {
        RestingProgress progress = new(() => new PhysicalOffset(_kept));
        long behindAtMost = 0;
        for (int step = 1; step <= 10_000; step++)
        {
            _kept = Math.Max(0, step - 100);
            progress.Advance(step, new PhysicalOffset(step));
            behindAtMost = Math.Max(behindAtMost, step - progress.Kept);
        }

        behindAtMost.Should().BeLessThan(1_000);
    }

    [Fact]
    public void Kept_SetBackSince_IsNoMoreThanTheValue()
    {
        RestingProgress progress = new(() => new PhysicalOffset(_kept));
        _kept = 5;
        progress.Set(100);
        progress.Advance(120, new PhysicalOffset(10));
        progress.Set(50);

        progress.Kept.Should().Be(50);
        progress.Cut(new PhysicalOffset(7)).Should().Be(100);
        progress.Value.Should().Be(50);
    }

    private (RestingProgress Progress, List<(long From, long RestsOn)> Plain, long End) Run(Random random, int steps)
    {
        RestingProgress progress = new(() => new PhysicalOffset(_kept));
        List<(long From, long RestsOn)> plain = [];
        long end = 0;
        for (int i = 0; i < steps; i++)
        {
            end += random.Next(1, 50);
            plain.Add((progress.Value, end));
            progress.Advance(progress.Value + (i == steps - 1 ? 1 : random.Next(1, 5)), new PhysicalOffset(end));
        }

        return (progress, plain, end);
    }

    private static long? FirstOf(List<(long From, long RestsOn)> steps, long end) => steps.Where(step => step.RestsOn > end).Select(static step => (long?)step.From).FirstOrDefault();
}
