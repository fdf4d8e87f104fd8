namespace RocketOps.NameServer.Routing;

/// <summary>One topic of a registration, as far as a route needs it.</summary>
internal readonly record struct TopicRegistration(string Topic, int ReadQueues, int WriteQueues, int Perm, int SysFlag, TopicQueueMappingInfo? Mapping = null);
