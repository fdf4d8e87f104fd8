namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// Notes that the attempts of a send leave for its trace: those of the last attempt that was answered. Written by the sender, read when the
/// send has ended.
/// </summary>
internal sealed class SendTrace
{
    /// <summary>Region that is assumed of brokers that tell none. Matches MixAll.DEFAULT_TRACE_REGION_ID.</summary>
    public const string DefaultRegion = "DefaultRegion";

    /// <summary>Broker that answered; empty before.</summary>
    public string Address { get; set; } = string.Empty;

    /// <summary>The broker's region.</summary>
    public string Region { get; set; } = DefaultRegion;

    /// <summary>True when the broker wants to be traced.</summary>
    public bool IsWanted { get; set; } = true;

    /// <summary>Takes over the notes of the batch that the message was part of: they hold for the message.</summary>
    public void Take(SendTrace batch)
    {
        Address = batch.Address;
        Region = batch.Region;
        IsWanted = batch.IsWanted;
    }
}
