using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class GroupQuestionsTestsOnRocketOps(RocketOpsFixture fixture) : GroupQuestionsTests(fixture);
