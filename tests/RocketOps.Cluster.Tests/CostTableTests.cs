namespace RocketOps.Cluster.Tests;

public sealed class CostTableTests
{
    [Fact]
    public void ToString_TwoPhases_ARowForEachWithTheReasonsOfFailures()
    {
        Receipt repeat = new("key", "b/0", 4, 0, 0, WasSentBack: false, "g", "member");
        CostTable table = new();
        table.Add(new Toll("handed over", 1234, [], [], TimeSpan.FromMilliseconds(640), TimeSpan.FromSeconds(3)));
        table.Add(new Toll(
            "cable pulled",
            99,
            ["p: {\"message\":\"no answer from 10.0.0.1 for 3000 ms\"}", "p: {\"message\":\"no answer from 10.0.0.12 for 2998 ms\"}"],
            [repeat],
            TimeSpan.FromSeconds(9.16),
            TimeSpan.FromSeconds(12)));

        table.ToString().Split('\n').Should().Equal(
            "phase         sends  failed  delivered again  longest without acknowledgement  sends acknowledged again after",
            "handed over    1234       0                0                            0.6 s                           3.0 s",
            "cable pulled     99       2                1                            9.2 s                          12.0 s",
            "    2 of \"message\":\"no answer from n.n.n.n for n ms\"}",
            string.Empty);
    }
}
