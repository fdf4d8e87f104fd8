namespace RocketOps.Broker.Statistics.History;

/// <summary>Which windows a tick of the sampler adds to; each includes those before it.</summary>
internal enum SamplesDue
{
    /// <summary>Every ten seconds.</summary>
    Minute = 0,

    /// <summary>Every ten minutes.</summary>
    Hour,

    /// <summary>Every hour.</summary>
    Day,
}
