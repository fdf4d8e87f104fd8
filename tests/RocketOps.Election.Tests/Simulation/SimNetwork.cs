namespace RocketOps.Election.Tests.Simulation;

/// <summary>Between the members: messages take time, overtake each other, and get lost, above all where a way is cut.</summary>
internal sealed class SimNetwork(SimWorld world, SimOptions options)
{
    private readonly HashSet<(int From, int To)> _cut = [];
    private readonly Dictionary<(int From, int To), TimeSpan> _healedAt = [];
    private readonly Dictionary<(int From, int To), TimeSpan> _lateAt = [];

    /// <summary>Faults are over.</summary>
    public bool IsCalm { get; set; }

    public void Cut(int from, int to) => _cut.Add((from, to));

    public void Heal(int from, int to)
    {
        if (_cut.Remove((from, to)))
        {
            _healedAt[(from, to)] = world.Now;
        }
    }

    public bool IsCut(int from, int to) => _cut.Contains((from, to));

    /// <summary>The way was open for so long.</summary>
    public bool IsOpenSince(int from, int to, TimeSpan time) => !IsCut(from, to) && (!_healedAt.TryGetValue((from, to), out TimeSpan at) || world.Now - at >= time);

    /// <summary>Nothing that was sent that way for so long is late.</summary>
    public bool IsTimelySince(int from, int to, TimeSpan time) => !_lateAt.TryGetValue((from, to), out TimeSpan at) || world.Now - at >= time;

    /// <summary>How long something takes on a connection: what is lost is sent again, and now and then everything behind it waits.</summary>
    public TimeSpan DelayOnConnection() =>
        IsCalm ? world.Between(0.2, 15)
        : world.Chance(options.Loss) ? world.Between(200, 600)
        : world.Chance(options.Late / 5) ? world.Between(500, 8000)
        : world.Between(0.2, 15);

    public void Send(int from, int to, Action arrives)
    {
        if (_cut.Contains((from, to)) || (!IsCalm && world.Chance(options.Loss)))
        {
            return;
        }

        bool isLate = !IsCalm && world.Chance(options.Late);
        TimeSpan delay = isLate ? world.Between(500, 20_000) : world.Between(0.2, 15);
        if (isLate)
        {
            _lateAt[(from, to)] = world.Now;
        }

        world.After(delay, () =>
        {
            if (!_cut.Contains((from, to)))
            {
                arrives();
            }
        });
    }
}
