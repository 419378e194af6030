import { roles } from 'roles.bicep'

param name string
param taskHubName string
param location string
param tags object
@description('Principal that works on the task hub.')
param workerId string
@description('Principal that may look at the dashboard. Empty: nobody.')
param developerId string
@allowed(['User', 'ServicePrincipal'])
param developerType string

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'Consumption' }
    ipAllowlist: ['0.0.0.0/0'] // required, and an empty list lets nobody in; who may come in is decided by roles
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2026-02-01' = {
  parent: scheduler
  name: taskHubName
}

resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@2026-02-01' = {
  parent: scheduler
  name: 'default'
  properties: { retentionPolicies: [{ retentionPeriodInDays: 30 }] }
}

var principals = concat(
  [{ id: workerId, type: 'ServicePrincipal' }],
  empty(developerId) ? [] : [{ id: developerId, type: developerType }]
)

resource contributors 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in principals: {
    name: guid(taskHub.id, principal.id, roles.durableTaskDataContributor)
    scope: taskHub
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.durableTaskDataContributor)
      principalId: principal.id
      principalType: principal.type
    }
  }
]

output endpoint string = scheduler.properties.endpoint
