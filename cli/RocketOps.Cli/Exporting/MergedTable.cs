namespace RocketOps.Cli.Exporting;

/// <summary>
/// The topics or groups of all masters by name. Tables are added one after the other and can be let go: what is kept is each distinct <see cref="BrokerFacts"/> once, so memory grows with the
/// names, not with their settings times the brokers.
/// </summary>
internal sealed class MergedTable
{
    private readonly SortedDictionary<string, List<(string Broker, BrokerFacts Facts)>> _found = new(StringComparer.Ordinal);
    private readonly Dictionary<BrokerFacts, BrokerFacts> _distinct = [];

    /// <summary>Names, sorted.</summary>
    public IReadOnlyCollection<string> Names => _found.Keys;

    public void Add(string name, string broker, BrokerFacts facts)
    {
        if (!_distinct.TryGetValue(facts, out BrokerFacts? shared))
        {
            _distinct[facts] = shared = facts;
        }

        if (!_found.TryGetValue(name, out List<(string Broker, BrokerFacts Facts)>? brokers))
        {
            _found[name] = brokers = [];
        }

        brokers.Add((broker, shared));
    }

    /// <summary>Returns the facts of each broker that has it, in the order in which brokers were added.</summary>
    public IReadOnlyList<(string Broker, BrokerFacts Facts)> Find(string name) => _found[name];
}
