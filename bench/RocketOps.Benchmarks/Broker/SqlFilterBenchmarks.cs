using System.Text;
using BenchmarkDotNet.Attributes;
using RocketOps.Broker.Filtering.Sql92;

namespace RocketOps.Benchmarks.Broker;

/// <summary>One message through a SQL92 filter, from its encoded properties. The goal is 200 ns for three comparisons. Expected allocation: 0 B.</summary>
[MemoryDiagnoser]
public class SqlFilterBenchmarks
{
    private static readonly byte[] Properties = Encoding.UTF8.GetBytes(string.Concat(
        new (string Name, string Value)[]
        {
            ("KEYS", "order-4711"), ("UNIQ_KEY", "7F0000010000000000000000000004D2"), ("CLUSTER", "DefaultCluster"), ("MSG_REGION", "DefaultRegion"), ("TRACE_ON", "true"), ("WAIT", "true"),
            ("TAGS", "TagA"), ("price", "120"), ("region", "east"), ("weight", "2.25"),
        }.Select(static pair => $"{pair.Name}\u0001{pair.Value}\u0002")));

    private SqlExpression _expression = SqlExpression.Compile("TRUE");

    [Params("price > 100", "price > 100 AND region = 'east' AND weight <= 2.5", "region IN ('north', 'east', 'south') AND price BETWEEN 100 AND 200 AND owner IS NULL")]
    public string Expression { get; set; } = string.Empty;

    [GlobalSetup]
    public void Setup() => _expression = SqlExpression.Compile(Expression);

    [Benchmark]
    public bool Matches() => _expression.MatchesProperties(Properties);
}
