namespace RocketOps.NameServer.Routing;

/// <summary>A broker group has another lowest id than before: its members may have to act as the master, or stop to.</summary>
/// <param name="Recipients">The members that are told: of a group that a member has joined the others, else all that are left.</param>
/// <param name="MinBrokerId">The lowest id now.</param>
/// <param name="MinBrokerAddress">Where that member is.</param>
/// <param name="OfflineAddress">The member that is gone; null when one has come.</param>
/// <param name="HaAddress">Where the member that has come serves its log; null when one is gone.</param>
internal sealed record MinBrokerChange(IReadOnlyList<string> Recipients, long MinBrokerId, string MinBrokerAddress, string? OfflineAddress, string? HaAddress);
