using RocketOps.Broker.Delay;

namespace RocketOps.Broker.Tests.Delay;

public sealed class DeliveryHistoryTests
{
    /// <summary>Against the plain list: never later than the first delivery whose copy is gone, and exactly that while nothing had to be forgotten.</summary>
    [Theory]
    [InlineData(40)]
    [InlineData(400)]
    public void Cut_AnyDeliveries_GoesBackToTheFirstWhoseCopyIsGone(int deliveries)
    {
        Random random = new(11);
        for (int run = 0; run < 300; run++)
        {
            DeliveryHistory history = new();
            List<(long From, long CopiesEnd)> plain = [];
            long end = 0;
            long from = 0;
            for (int i = 0; i < deliveries; i++)
            {
                end += random.Next(1, 50);
                history.Add(from, new PhysicalOffset(end));
                plain.Add((from, end));
                from += random.Next(1, 5);
            }

            long cut = random.NextInt64(end + 10);
            long? expected = plain.Where(delivery => delivery.CopiesEnd > cut).Select(static delivery => (long?)delivery.From).FirstOrDefault();

            long? actual = history.Cut(new PhysicalOffset(cut));

            actual.HasValue.Should().Be(expected.HasValue);
            (actual ?? 0).Should().BeLessThanOrEqualTo(expected ?? 0);
            if (deliveries < 64)
            {
                actual.Should().Be(expected);
            }

            history.Cut(new PhysicalOffset(cut)).Should().BeNull("what was cut is forgotten");
        }
    }
}
